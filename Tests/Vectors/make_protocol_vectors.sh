#!/usr/bin/env bash
# Writes Tests/Vectors/protocol.json anew; run it after a rule or an encoding has changed on purpose.
set -euo pipefail
cd "$(dirname "$0")/../.."
POGO_WRITE_VECTORS=1 swift test -c release --disable-xctest --filter ConformanceTests
