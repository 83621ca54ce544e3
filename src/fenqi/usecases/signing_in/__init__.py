"""A consumer signs in by a code that is sent to the phone the mall has bound."""

from fenqi.usecases.rate_limits import TooManyRequests
from fenqi.usecases.signing_in.check import CodeRefused, SignedIn, check_code
from fenqi.usecases.signing_in.request import CodeSent, InvalidPhone, request_code

__all__ = ["CodeRefused", "CodeSent", "InvalidPhone", "SignedIn", "TooManyRequests", "check_code", "request_code"]
