"""Lets programs of this folder import what servers for tests have in common, from ServerSupport: import this first."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ServerSupport"))
