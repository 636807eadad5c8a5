"""Secrets by reference: a profile says where a password stands, never the password."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from urllib.parse import quote

from mxplans.errors import TargetUnreachable
from mxplans.model.device_settings import SecretReference


class Secret(SecretReference):
    """A file or a variable of the environment that holds a secret.

    >>> Secret(env="ISPYB_PASSWORD")
    Secret(file=None, env='ISPYB_PASSWORD')
    """

    def read(self) -> str:
        """The secret, without white space around it.

        Raises:
            TargetUnreachable: If it is not there, or no line of text; somebody can still put it there.
        """
        if self.file is not None:
            try:
                secret = self.file.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise TargetUnreachable(
                    f"the secret in {self.file} cannot be read: {error.strerror}; put it there, readable by its owner only"
                ) from error
            except UnicodeDecodeError:  # which says what stands there
                raise TargetUnreachable(f"the secret in {self.file} is no text in UTF-8; put it there anew") from None
            where = str(self.file)
        else:
            secret, where = os.environ.get(self.env or "", "").strip(), f"environment variable {self.env}"
        if not secret:
            raise TargetUnreachable(f"the secret in {where} is empty; put it there")
        if not secret.isprintable():
            raise TargetUnreachable(
                f"the secret in {where} is not one line of printable characters; put it there alone"
            )
        return secret

    def header(self) -> dict[str, str]:
        """The secret as the header of a request that brings a token.

        Raises:
            TargetUnreachable: If it is not there, or no header can hold it.
        """
        token = self.read()
        if not token.isascii():
            where = self.file or f"environment variable {self.env}"
            raise TargetUnreachable(f"the token in {where} has characters other than ASCII; put the right one there")
        return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class _Hush:
    """Takes a secret out of what a library logs; the same one twice is one."""

    secret: str = field(repr=False)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the message pass without the secret, and without a traceback, which says it again."""
        said = record.getMessage()
        for spelling in (self.secret, quote(self.secret, safe="")):
            said = said.replace(spelling, "...")
        record.msg, record.args, record.exc_info, record.exc_text = said, (), None, None
        return True


def keep_out_of_logs(secret: str, *loggers: str) -> None:
    """See to it that libraries which put a secret into addresses do not log it.

    Args:
        secret: What is to be left out.
        loggers: Names of the loggers.
    """
    for name in loggers:
        logging.getLogger(name).addFilter(_Hush(secret))
