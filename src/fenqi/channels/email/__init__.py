"""E-mail over whichever of Django's backends the environment names: SMTP, or a service through anymail."""

from fenqi.channels.email.mail import EmailConfig, Mail, Mailer, MailOutcome, MailReceipt

__all__ = ["EmailConfig", "Mail", "MailOutcome", "MailReceipt", "Mailer"]
