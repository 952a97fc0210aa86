import json
from pathlib import Path

import pytest

from backchannel.explain.labels import LabelsError, labelled_clips, labels_of, read_labels


def write(folder: Path, name: str, labels: str | None) -> Path:
    clip = folder / name
    clip.write_bytes(b"film")
    if labels is not None:
        labels_of(clip).write_text(labels)
    return clip


def test_clips_come_in_order_with_their_labels_and_others_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "b.mp4", '{"file": "b.mp4", "summary": "not read"}')
    write(tmp_path, "a.mp4", json.dumps({"file": "a.mp4", "cues": [{"cue": "nod", "start": 1, "end": 2}]}))
    write(tmp_path, "c.mp4", None)
    clips = labelled_clips(tmp_path)
    assert [clip.name for clip, _ in clips] == ["a.mp4", "b.mp4"]
    assert clips[0][1].cues[0].certainty == "high"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "truncated"),
        ("[]", "object"),
        ("{}", "file"),
        ('{"file": "a", "cues": [{"cue": "nod", "start": 1}]}', "end"),
        ('{"file": "a", "cues": [{"cue": "nod", "start": -1, "end": 2}]}', ">= 0"),
        ('{"file": "a", "cues": [{"cue": "nod", "start": 3, "end": 2}]}', "before it starts"),
        ('{"file": "a", "cues": [{"cue": "nod", "start": 1, "end": 2, "certainty": "maybe"}]}', "maybe"),
        ('{"file": "a", "signals_plausible": ["joy"]}', "joy"),
    ],
)
def test_what_is_no_label_file_is_named_and_told(tmp_path: Path, text: str, said: str) -> None:
    clip = write(tmp_path, "a.mp4", text)
    with pytest.raises(LabelsError, match=r"a\.mp4\.labels\.json does not hold labels") as caught:
        read_labels(labels_of(clip))
    assert said in str(caught.value)


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="There is no folder"):
        labelled_clips(tmp_path / "none")
    with pytest.raises(LabelsError, match="no labelled clips"):
        labelled_clips(tmp_path)
    (tmp_path / "a.mp4.labels.json").write_text('{"file": "a.mp4"}')
    with pytest.raises(LabelsError, match=r"its clip .*a\.mp4 is not"):
        labelled_clips(tmp_path)
