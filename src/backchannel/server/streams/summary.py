"""The summary of a session as the message `session.summary`."""

from collections.abc import Container

from msgspec import UNSET

from backchannel.protocol.results import seconds
from backchannel.protocol.summary_message import CountBody, MomentBody, SessionSummary, ShareBody
from backchannel.summary.moments import Moment
from backchannel.summary.so_far import StorySoFar
from backchannel.summary.summarize import Count, Share, summarize
from backchannel.values import SignalType


def summary_message(so_far: StorySoFar, types: Container[SignalType] | None) -> SessionSummary | None:
    """Return the summary of what a session has brought; None if nothing was analysed.

    Parameters
    ----------
    types
        Signals that the session's model reports; None for all.
    """
    if not so_far.windows:
        return None
    summary = summarize(so_far.story(types))
    return SessionSummary(
        duration=seconds(summary.duration_s),
        talk=_share(summary.talk),
        others_talk=_share(summary.others_talk),
        facing=_share(summary.facing),
        smiles=_count(summary.smiles),
        pauses=_count(summary.pauses),
        moments=tuple(map(_moment, summary.moments)),
        coverage=summary.cautions,
        lines=summary.lines,
    )


def _share(share: Share | None) -> ShareBody | None:
    return None if share is None else ShareBody(seconds(share.total_s), round(share.share, 3))


def _count(count: Count | None) -> CountBody | None:
    if count is None:
        return None
    return CountBody(count.count, seconds(count.total_s), seconds(count.longest_s))


def _moment(moment: Moment) -> MomentBody:
    return MomentBody(
        start=seconds(moment.span.start_s),
        end=seconds(moment.span.end_s),
        sentence=moment.sentence,
        signal_type=moment.signal or UNSET,
        probability=moment.probability or UNSET,
    )
