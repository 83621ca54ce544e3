"""The daily close: what a day brings to every plan of the house, range by range of customers."""
