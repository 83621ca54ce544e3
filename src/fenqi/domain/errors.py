"""What goes wrong on purpose: every refusal is typed, has a stable code, and says in Chinese and English what to do."""

from typing import ClassVar


class FenqiError(Exception):
    """A refusal that its receiver can understand and act on.

    Subclasses give `code` (stable, snake_case), `zh` and `en` (format strings over the details) and `status`, the HTTP
    status an API answers with. `where` names the offending place of the input, such as `events[3].amount`.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    zh: ClassVar[str] = "请求无法处理。"
    en: ClassVar[str] = "The request cannot be carried out."

    def __init__(self, *, where: str | None = None, **details: object) -> None:
        self.where = where
        self.details = details
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The message in `zh` or, for every other language, in English."""
        template = self.zh if language.startswith("zh") else self.en
        return template.format_map({"where": self.where, **self.details})


class InvalidInput(FenqiError):
    """A value of the input is not what its field takes. Details: `where`, `problem`, `problem_zh`."""

    code = "invalid_input"
    status = 422
    zh = "「{where}」填写有误：{problem_zh}"
    en = "{where} is not valid: {problem}"


class NotFound(FenqiError):
    """No such thing, or not one the asker may know of: both read the same (design, rule 8)."""

    code = "not_found"
    status = 404
    zh = "没有找到。请核对编号，或从「我的订单」重新进入。"
    en = "Not found. Check the number, or start again from My orders."
