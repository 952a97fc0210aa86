"""Export a recording as an ELAN annotation document (.eaf, format 3.0).

There is a tier for engagement, one for each type of signal and one for each kind of cue. Annotations in a
tier must not overlap, so overlapping ones go to a second tier, for example "nod 2". All annotations are
aligned in time, in whole milliseconds. All tiers share one linguistic type.
"""

import mimetypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from backchannel.html.words import plain
from backchannel.report.course import cue_numbers
from backchannel.report.recording import Period, Recording

SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
LINGUISTIC_TYPE: Final = "default-lt"
_NOT_IN_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Annotation:
    start_ms: int
    end_ms: int
    value: str


def eaf_of(recording: Recording, media: str) -> str:
    """Return a recording as an ELAN document.

    Parameters
    ----------
    recording
        The recording.
    media
        Path of the media relative to the document, with forward slashes.

    Returns
    -------
    str
        XML.

    See Also
    --------
    backchannel.report.files.file_of : Writes a recording as any kind of file.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> analyzed_at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> recording = Recording(
    ...     source="talk.mp4", analyzed_at=analyzed_at, duration=10.0, signals=(), engagement=()
    ... )
    >>> 'RELATIVE_MEDIA_URL="./talk.mp4"' in eaf_of(recording, "talk.mp4")
    True
    """
    tiers = list(_tiers(recording))
    slots: list[tuple[str, int]] = []
    root = _root(recording, media, sum(len(annotations) for _, annotations in tiers))
    order = ET.SubElement(root, "TIME_ORDER")
    for name, annotations in tiers:
        _add_tier(root, name, annotations, slots)
    for slot, time_ms in sorted(slots, key=lambda one: (one[1], int(one[0][2:]))):
        ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(time_ms))
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID=LINGUISTIC_TYPE,
        TIME_ALIGNABLE="true",
    )
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _root(recording: Recording, media: str, annotations: int) -> ET.Element:
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": f"Backchannel {_clean(recording.version)}",
            "DATE": recording.analyzed_at.isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            f"{{{INSTANCE}}}noNamespaceSchemaLocation": SCHEMA,
        },
    )
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    ET.SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        MEDIA_URL=_clean(media),
        MIME_TYPE=mimetypes.guess_type(media)[0] or "unknown",
        RELATIVE_MEDIA_URL=_clean(media if media.startswith(("./", "../")) else f"./{media}"),
    )
    ET.SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(annotations)
    return root


def _add_tier(
    root: ET.Element, name: str, annotations: Sequence[_Annotation], slots: list[tuple[str, int]]
) -> None:
    tier = ET.SubElement(root, "TIER", LINGUISTIC_TYPE_REF=LINGUISTIC_TYPE, TIER_ID=name)
    for annotation in annotations:
        first = len(slots) + 1
        slots += [(f"ts{first}", annotation.start_ms), (f"ts{first + 1}", annotation.end_ms)]
        aligned = ET.SubElement(
            ET.SubElement(tier, "ANNOTATION"),
            "ALIGNABLE_ANNOTATION",
            ANNOTATION_ID=f"a{len(slots) // 2}",
            TIME_SLOT_REF1=f"ts{first}",
            TIME_SLOT_REF2=f"ts{first + 1}",
        )
        ET.SubElement(aligned, "ANNOTATION_VALUE").text = _clean(annotation.value)


def _tiers(recording: Recording) -> Iterator[tuple[str, list[_Annotation]]]:
    yield from _without_overlap(
        "engagement", [_annotation(part, part.state) for part in recording.engagement]
    )
    for name in sorted({signal.type for signal in recording.signals}):
        signals = [signal for signal in recording.signals if signal.type == name]
        values = [_annotation(signal, f"{signal.probability}: {signal.rationale}") for signal in signals]
        yield from _without_overlap(f"signal {name}", values)
    for cue_name in sorted({cue.cue for cue in recording.cues}):
        cues = [cue for cue in recording.cues if cue.cue == cue_name]
        values = [_annotation(cue, cue_numbers(cue)) for cue in cues]
        yield from _without_overlap(f"cue {plain(cue_name)}", values)


def _annotation(period: Period, value: str) -> _Annotation:
    start_ms = round(period.start * 1000)
    return _Annotation(start_ms, max(round(period.end * 1000), start_ms + 1), value)


def _without_overlap(
    name: str, annotations: Sequence[_Annotation]
) -> Iterator[tuple[str, list[_Annotation]]]:
    """Distribute annotations over as many tiers as needed, so that none overlap."""
    tiers: list[list[_Annotation]] = []
    for annotation in sorted(annotations, key=lambda one: (one.start_ms, one.end_ms)):
        free = next((tier for tier in tiers if tier[-1].end_ms <= annotation.start_ms), None)
        if free is None:
            tiers.append(free := [])
        free.append(annotation)
    for number, tier in enumerate(tiers, 1):
        yield (name if number == 1 else f"{name} {number}"), tier


def _clean(text: str) -> str:
    """Replace the characters that XML does not allow."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
