# SPDX-License-Identifier: MIT
contract_checks = \
	tests/contract/behaviours \
	tests/contract/headers \
	tests/contract/layers \
	tests/contract/lint \
	tests/contract/shared-object \
	tests/contract/sources
dist_check_SCRIPTS += $(contract_checks)
TESTS += $(contract_checks)
EXTRA_DIST += tests/contract/exports.txt tests/contract/imports.txt

cli_checks = \
	tests/contract/cli-exit-codes \
	tests/contract/man-examples \
	tests/contract/man-format \
	tests/contract/man-json \
	tests/contract/man-options
dist_check_SCRIPTS += $(cli_checks)
TESTS += $(cli_checks)
