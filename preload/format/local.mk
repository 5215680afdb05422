# SPDX-License-Identifier: MIT
preload_format_headers = preload/format/format.h
