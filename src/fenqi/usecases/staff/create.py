"""Make a sign-in for a member of staff."""

import re
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.records.models import Account, Role
from fenqi.usecases import audit

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class StaffTaken(FenqiError):
    """The name is somebody's. Details: `username`."""

    code = "staff_taken"
    status = 409
    zh = "用户名 {username} 已被使用，请换一个。"
    en = "The name {username} is taken: choose another."


class WeakPassword(FenqiError):
    """The password is too easy to guess. Details: `problem`."""

    code = "weak_password"
    status = 422
    zh = "密码不合要求：{problem}"
    en = "The password will not do: {problem}"


def create_staff(*, username: str, password: str, role: str, actor: str, now: datetime) -> Account:
    """A sign-in with one role. Raises InvalidInput, WeakPassword, StaffTaken."""
    if not _USERNAME.fullmatch(username):
        raise InvalidInput(
            where="username",
            problem="2 to 40 lower-case letters, figures, dots or hyphens",
            problem_zh="须为 2 到 40 个小写字母、数字、点或连字符",
        )
    if role not in Role.values or role == Role.CONSUMER:
        raise InvalidInput(where="role", problem="agent, finance or admin", problem_zh="须为 agent、finance 或 admin")
    _check_password(password, username)
    try:
        with transaction.atomic():
            account = Account.objects.create_staff(username=username, password=password, role=Role(role))
            audit.record(actor, audit.Action.STAFF_CREATED, subject=audit.staff(account.id), reason=role, now=now)
    except IntegrityError:
        raise StaffTaken(username=username) from None
    return account


def _check_password(password: str, username: str) -> None:
    try:
        validate_password(password, Account(username=username))
    except ValidationError as error:
        raise WeakPassword(problem=" ".join(error.messages)) from None
