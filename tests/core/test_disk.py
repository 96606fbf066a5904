"""A full disk is a refusal; what else goes wrong with a file is not."""

from __future__ import annotations

import errno

import pytest

from loyalty.core.disk import saying_disk_full
from loyalty.core.errors import Code, Problem


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_and_full_share_of_it_are_said(number):
    with pytest.raises(Problem) as refused, saying_disk_full():
        raise OSError(number, "full")
    assert refused.value.code is Code.DISK_FULL


def test_other_failures_pass():
    with pytest.raises(PermissionError), saying_disk_full():
        raise PermissionError(errno.EACCES, "no")
