from dataclasses import replace

from backchannel.protocol.file_cues import file_cues
from backchannel.values import Cue, Span
from tests.protocol.results import segment_result


def test_a_cue_is_written_with_all_of_its_numbers() -> None:
    cue = Cue("nod", "visual", Span(1.004, 2.0), 9.0, "deg", None, 0.75, (("count", 3.0, ""),))
    (written,) = file_cues([replace(segment_result(0.0, 5.0), cues=(cue,))])
    assert (written.cue, written.start, written.end, written.certainty) == ("nod", 1.0, 2.0, 0.75)
    assert written.measures == (("count", 3.0, ""),)


def test_a_cue_over_the_seam_of_two_windows_is_written_once() -> None:
    smiles = [Cue("smile", "visual", Span(4.0, end_s), 0.1, "", None, 0.9) for end_s in (5.0, 7.0)]
    windows = [
        replace(segment_result(start_s, start_s + 5.0), cues=(smile,))
        for start_s, smile in zip((0.0, 5.0), smiles, strict=True)
    ]
    assert [(one.start, one.end) for one in file_cues(windows)] == [(4.0, 7.0)]
