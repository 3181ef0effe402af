#!/bin/sh
# Copies the licence texts of everything that is linked into redmux-gateway: a program that is passed on must have them with it.
#
#   licences.sh FOLDER     from the top of the repository, after a build
set -eu
to=$1
sources=${CARGO_HOME:-/usr/local/cargo}/registry/src
mkdir -p "$to"
cp LICENSE-MIT LICENSE-APACHE "$to"
cargo tree --locked --package redmux-gateway --edges normal --prefix none --format '{p} {l}' | sort -u |
while read -r name version rest; do
    case $rest in "(/"*|"(proc-macro)"*) continue ;; esac
    crate=$name-${version#v}
    found=
    for text in "$sources"/*/"$crate"/LICEN[CS]E* "$sources"/*/"$crate"/COPYING* "$sources"/*/"$crate"/COPYRIGHT* "$sources"/*/"$crate"/license*; do
        [ -e "$text" ] || continue
        mkdir -p "$to/$crate"
        cp -r "$text" "$to/$crate"
        found=yes
    done
    # No text in its package: its licence by name.
    [ -n "$found" ] || echo "$crate: $rest" >> "$to/by-name.txt"
done
