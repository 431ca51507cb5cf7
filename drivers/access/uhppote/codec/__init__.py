"""The wire of UHPPOTE / Weigeng controllers (UT0311-L01, L02, L04): packets of 64 bytes on UDP and TCP. Pure.

    17 | function u8 | 00 00 | serial u32 | 56 bytes of the function       all numbers little-endian, dates BCD

A question and its answer have the same function. An event that firmware 6.62 pushes begins with 19.

Source: §2 of the project's access reference, and the layouts of the public package uhppoted 0.9.1.1 (encode, decode).
"""
