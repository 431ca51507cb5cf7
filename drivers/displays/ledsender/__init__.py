"""Cards of the LEDSender2010 library ("VSD"): LED screens that draw text with their own fonts, over UDP or serial."""
