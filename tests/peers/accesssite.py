"""What stands in the site file of a hall with controllers of doors and readers."""

SERIAL, SERIAL_2, ZK_SERIAL = 405419896, 201020304, "CGXH201360029"
CARD = 8165538
READER_KEY = "5d7c1b90e2443fa86b0d9c3e71f2a845"
YEARS = {"begins": "2020-01-01", "ends": "2099-12-31"}
LISTED = "doors: [{number: 1, id: front}]"
DEVICES = {
    "acs": f"driver: access.uhppote, address: 'udp://10.0.0.1:60000', serial: {SERIAL}, doors: 2,"
    " listener: 'udp:127.0.0.1:PORT', timeout_s: 0.5, care_s: 0.5",
    "acs2": f"driver: access.uhppote, address: 'udp://10.0.0.2:60000', serial: {SERIAL_2}, doors: 2,"
    " listener: 'udp:127.0.0.1:PORT', timeout_s: 0.5, care_s: 0.5",
    "zk": f"driver: access.zkteco_push, serial: {ZK_SERIAL}, {LISTED}, poll_s: 0.1, silent_after_s: 5",
    "hik": f"driver: access.hikvision, address: 'http://10.0.0.3', password: {{file: hik.password}}, {LISTED},"
    " poll_s: 0.5, heartbeat_s: 2",
    "reader": "driver: access.osdp, address: 'tcp://10.0.0.4:4000', key: {file: reader.scbk},"
    " door: {id: safe, sensor_input: 0, lock_output: 0}",
}
DOORS = {
    "acs": "  - {id: front, name: 东侧职工入口, door: acs/door-1, staff_entrance: true, warn_s: 1, held_s: 2}\n"
    "  - {id: back, name: 档案室, door: acs/door-2, zone: archive}\n",
    "acs2": "  - {id: side, name: 档案室边门, door: acs2/door-1, zone: archive}\n",
}
ALARMS = (
    "alarms: {built_in: {device-offline: {on_delay_s: 0.5, off_delay_s: 0.5}, listener-unbound: {on_delay_s: 0.5},"
    " door-events-off: {on_delay_s: 0.5}, controller-fault: {on_delay_s: 0.5, off_delay_s: 0.5}}}\n"
)
