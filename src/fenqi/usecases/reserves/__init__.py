"""The reserve (备用金): a sum that is security is frozen or paid beforehand, followed, captured, and goes back by itself.

Never the small cash loan of the same Chinese name.
"""
