"""Hardware caller pads 呼叫器 and rating pads 评价器 on one RS-232 or RS-485 input."""
