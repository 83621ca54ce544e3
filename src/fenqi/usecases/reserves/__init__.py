"""The reserve (备用金): a sum held as security, frozen or paid beforehand, followed, captured, given back by itself.

Never the small cash loan of the same Chinese name.
"""
