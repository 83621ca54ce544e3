"""What can be wrong with a card as it was typed: each refusal names its field and says what to do (R125-R128).

None of them quotes what was typed.
"""

from fenqi.domain.errors import FenqiError


class CardRefused(FenqiError):
    """A detail of a card is not right. `where` is the field: number, holder, phone, expiry or code."""

    status = 422


class CardNumberLength(CardRefused):
    """The number has too few or too many digits, or something that is no digit. Details: `least`, `most`."""

    code = "card_number_length"
    zh = "卡号应为 {least} 至 {most} 位数字，请对照卡面逐位核对，看看有没有漏输或多输。"
    en = "A card number has {least} to {most} digits: compare it with the card for a digit too few or too many."


class CardNumberInvalid(CardRefused):
    """The check digit does not fit: most often one wrong digit, or two that changed places."""

    code = "card_number_invalid"
    zh = "卡号有误：至少有一位数字输错或前后颠倒，请对照卡面重新核对。"
    en = "The card number is not right: a digit is wrong or two changed places. Compare it with the card."


class HolderInvalid(CardRefused):
    code = "holder_invalid"
    zh = "持卡人姓名应为 2 至 30 个字，不含数字，须与银行预留的姓名完全一致（含「·」）。"
    en = "The holder's name has 2 to 30 characters and no digits: write it just as the bank has it."


class PhoneInvalid(CardRefused):
    code = "phone_invalid"
    zh = "手机号应为 11 位的大陆号码，请填写在银行预留的手机号。"
    en = "The phone must be a mainland number of 11 digits: give the one that the bank has on record."


class ExpiryInvalid(CardRefused):
    code = "expiry_invalid"
    zh = "有效期应为卡面上的四位数字：先月后年，例如 0928 表示 2028 年 9 月。"
    en = "The expiry is the four digits on the card, month before year: 0928 is September 2028."


class CardExpired(CardRefused):
    code = "card_expired"
    zh = "这张卡已过有效期，请换一张卡，或使用银行寄来的新卡。"
    en = "This card has expired: use another one, or the new card that the bank sent."


class CodeInvalid(CardRefused):
    code = "code_invalid"
    zh = "验证码应为短信里的 6 位数字，请重新输入；没有收到可以重新获取。"
    en = "The code is the 6 digits of the text message: type it again, or ask for a new one."


class SecurityCodeInvalid(CardRefused):
    code = "security_code_invalid"
    zh = "安全码应为卡背面签名栏末尾的 3 位数字。"
    en = "The security code is the last 3 digits on the back of the card."
