"""Ticket numbers: nine digits that can be read out on the telephone; the last one shows a digit that was misheard."""

from stdnum import luhn

LENGTH = 9


def ticket_number(serial: int) -> str:
    """The number of a serial of eight digits."""
    digits = f"{serial:08d}"
    return digits + str(luhn.calc_check_digit(digits))


def read_ticket_number(text: str) -> str | None:
    """What somebody wrote down, with or without blanks and dashes; None when it is no ticket's number."""
    digits = "".join(letter for letter in text if letter not in " -·.\u3000")
    well_formed = len(digits) == LENGTH and digits.isascii() and digits.isdigit()
    return digits if well_formed and luhn.is_valid(digits) else None


def spoken(number: str) -> str:
    """In groups of three: 482 177 306."""
    return " ".join(number[start : start + 3] for start in range(0, len(number), 3))
