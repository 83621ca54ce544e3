"""Why a file, or a row of it, was not taken. The code of each is what the rejects file says."""

from fenqi.domain.errors import FenqiError


class FileRefused(FenqiError):
    """The whole file is refused before anything of it is taken. Details: `problem`, `problem_zh`."""

    code = "file_refused"
    status = 422
    zh = "文件无法导入：{problem_zh}"
    en = "The file cannot be imported: {problem}"


class FileDamaged(FenqiError):
    """Reading stopped inside the file; the batches before it are kept. Details: `line`, `problem`, `problem_zh`."""

    code = "file_damaged"
    status = 422
    zh = "文件在第 {line} 行之后无法继续读取：{problem_zh}。此前的订单已导入，修复文件后重新运行即可。"
    en = (
        "The file cannot be read past line {line}: {problem}. What came before is kept: mend the file and run it again."
    )


class MappingRefused(FenqiError):
    """The mapping does not say how to read the file. Details: `where`, `problem`, `problem_zh`."""

    code = "mapping_refused"
    status = 422
    zh = "映射文件的「{where}」有误：{problem_zh}"
    en = "The mapping is not valid at {where}: {problem}"


class ImportInProgress(FenqiError):
    """Another process is taking the same file with the same mapping right now."""

    code = "import_in_progress"
    status = 409
    zh = "另一个进程正在导入同一个文件，请等它结束。"
    en = "Another process is importing the same file: wait for it to end."


class LineTooLong(FenqiError):
    code = "line_too_long"
    zh = "这一行超过 {most} 字节。"
    en = "The line is longer than {most} bytes."


class BadEncoding(FenqiError):
    code = "bad_encoding"
    zh = "这一行不是有效的 {encoding} 文本。"
    en = "The line is not valid {encoding} text."


class UnreadableRow(FenqiError):
    """Not a CSV record, or not a JSON object. Details: `problem`."""

    code = "unreadable_row"
    zh = "无法解析这一行：{problem}"
    en = "The row cannot be read: {problem}"


class QuoteNotClosed(FenqiError):
    code = "quote_not_closed"
    zh = "引号没有闭合。"
    en = "A quotation mark is not closed."


class WrongColumns(FenqiError):
    code = "wrong_columns"
    zh = "这一行有 {found} 列，表头有 {expected} 列。"
    en = "The row has {found} columns, the header has {expected}."


class ForbiddenCharacter(FenqiError):
    code = "forbidden_character"
    zh = "「{where}」含有 NUL 或无法存储的字符。"
    en = "{where} holds a NUL or another character that cannot be stored."


class RowsDisagree(FenqiError):
    """Rows of one order say different things about the order itself."""

    code = "rows_disagree"
    zh = "同一订单的各行在「{where}」上不一致。"
    en = "The rows of the order disagree on {where}."


class RowsNotAdjacent(FenqiError):
    """The order comes up again later in the file; none of its rows is taken, for no part of it would be whole."""

    code = "rows_not_adjacent"
    zh = "同一订单的各行不相邻（请先按订单号排序），或行数过多。"
    en = "The rows of the order are not next to each other (sort the file by order number), or are too many."


class UnknownStatus(FenqiError):
    code = "unknown_status"
    zh = "不认识的订单状态「{word}」，请在映射中说明。"
    en = "Unknown order status {word!r}: say in the mapping what it means."


class RefusedByDatabase(FenqiError):
    """A constraint of the database that no check before it foresaw."""

    code = "refused_by_database"
    zh = "数据库拒绝了这个订单：数据违反约束。"
    en = "The database refused the order: it breaks a constraint."
