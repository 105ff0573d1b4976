#!/bin/sh
# Makes .venv: the packages (editable, so an edit needs no new set-up) and the tools. Does nothing when all is there.
#
#   sh scripts/set_up.sh           what demo, test, lint and types need
#   sh scripts/set_up.sh torch     PyTorch too, to compare with
#
# PYTHON names the Python to use; without it the newest of the usual names that works is taken.
set -eu
cd "$(dirname "$0")/.."

environment=.venv/bin/python
stamp=.venv/ready

# Runs the Python, because a version manager's shim can be on the PATH and start nothing.
usable() {
    "$1" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python; do
        if usable "$name"; then
            echo "$name"
            return
        fi
        if [ "$name" = "${PYTHON:-}" ]; then
            echo "PYTHON=$PYTHON is not a Python 3.11 or newer that runs. Give the path of one." >&2
            return 1
        fi
    done
    echo "No Python 3.11 or newer was found (tried python3.13, python3.12, python3.11, python3, python)." >&2
    echo "Install one, or name it: make test PYTHON=/path/to/python3" >&2
    return 1
}

# What a Python is: two names, or a name and an environment made from it, can stand for the same one.
identity() {
    "$1" -c 'import sys; print(sys.base_prefix, sys.version)'
}

# The environment holds absolute paths, so it serves this folder only, and only once it was finished.
reusable() {
    [ "$(cat "$stamp" 2>/dev/null)" = "$PWD" ] || return 1
    [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON" 2>/dev/null)" = "$(identity "$environment")" ]
}

make_environment() {
    python=$(find_python)
    echo "Setting up .venv with $("$python" --version), once; this takes about a minute."
    rm -rf .venv
    # Some systems split ensurepip off from Python; their own pip can fill the environment as well.
    "$python" -m venv .venv >/dev/null 2>&1 || {
        "$python" -m venv --without-pip --clear .venv
        "$python" -m pip --python "$environment" install --quiet pip
    }
}

install() {
    "$environment" -m pip install --quiet --disable-pip-version-check "$@"
}

install_packages() {
    set --
    for package in packages/*/; do
        set -- "$@" --editable "$package"
    done
    install --no-build-isolation "$@"
}

inputs="requirements-test.txt requirements-dev.txt scripts/set_up.sh packages/*/pyproject.toml"
reusable || make_environment
# shellcheck disable=SC2086  # the patterns are meant to be split and expanded
if [ ! -e "$stamp" ] || [ -n "$(find $inputs -newer "$stamp")" ]; then
    install -r requirements-dev.txt
    install_packages
    echo "$PWD" >"$stamp"
fi

if [ "${1:-}" = torch ] && [ -z "$(find .venv/torch -newer requirements-torch.txt 2>/dev/null)" ]; then
    echo "Installing PyTorch to compare with, once; this can take some minutes."
    if install -r requirements-torch.txt; then
        : >.venv/torch
    else
        echo "PyTorch could not be installed (the cause is above), so there is nothing to compare with." >&2
    fi
fi
