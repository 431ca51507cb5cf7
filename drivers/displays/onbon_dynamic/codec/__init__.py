"""The wire of Onbon's cards with dynamic areas: BX-5E, 5Q, 6E, 6Q. Pure.

    frames     the two kinds of frames that a card takes on one connection
    requests   what is asked in either, what is answered, and the simple commands
    areas      dynamic areas: rectangles with pages of pixels
    bitmaps    the pixels of a page, as each series of cards has them
    state      what a card tells of itself

All numbers are little-endian. Source: the vendor's manuals of dynamic areas of generation 5 (1.5, 2018) and 6 (2.0,
2019), captures of the vendor's client, and its struct ControllerStatus_G56.
"""
