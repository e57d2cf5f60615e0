"""The tests of the server itself: that it says no where Reddit does, and forgets nothing.

    check.py [RECORDINGS]

With a directory of recordings, all that is recorded there is asked for and compared.
"""

from __future__ import annotations

import sys
import unittest

import check_faults
import check_listings
import check_login
import check_posting
import check_replay

if __name__ == "__main__":
    check_replay.RECORDINGS = sys.argv[1] if len(sys.argv) > 1 else ""
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromModule(module) for module in (
        check_login, check_listings, check_posting, check_faults, check_replay))
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful())
