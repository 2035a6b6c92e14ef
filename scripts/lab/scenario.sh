# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers: what a scenario's file says of itself; scripts/lab/new-test and
# scripts/check-install/run have the names.
# shellcheck shell=bash

# setting FILE NAME DEFAULT: what it wants of its machine
setting() { sed -n "s/^$2=//p" "$1" | tr -d '"' | grep . || echo "$3"; }
