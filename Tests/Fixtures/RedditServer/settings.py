"""What tests may set of the server, at any time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Settings:
    """Times are in seconds."""

    # How long a token lives; in recordings of before 2021 it is 3600.
    expires_in: int = 86400
    # Whether a refresh token is good for one use, and each answer brings the next.
    rotate: bool = False
    # So many calls of an app and account in a window.
    allowance: int = 1000
    window: float = 600.0
    # So many submissions, comments and messages of an account in a window, and RATELIMIT beyond; 0: any number.
    posts: int = 0
    posts_window: float = 600.0
    # Whether who does not say what he is by User-Agent gets 429.
    strict_agent: bool = False
    # Whether answers are compressed for who says that he can read it.
    compress: bool = True
    # What stands deeper in a listing cannot be had.
    listing_depth: int = 1000
    # How old a submission may be that comments are taken for: half a year, of old.
    archive_after: float = 182 * 86400.0
    # How long an access token is; Reddit's are JSON web tokens of some 700.
    token_length: int = 60
