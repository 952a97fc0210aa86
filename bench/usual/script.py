"""What is usually written: OpenCV, MediaPipe's face mesh on every frame, librosa's pyin on the sound.

Run by the Python of an environment of its own, ``python script.py CLIP SOUND``. For each line on its standard
input it goes through the clip once and prints the CPU time that took, s; the first time does not count, since
models are loaded and functions compiled in it.
"""

import sys
import time

import cv2
import librosa  # type: ignore[import-not-found]
import mediapipe  # type: ignore[import-not-found]

CLIP, SOUND = sys.argv[1:]
FACE_MESH = mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True)


def analyze() -> tuple[int, int]:
    """Frames with a face, and voiced moments."""
    faces = 0
    capture = cv2.VideoCapture(CLIP)
    while True:
        read, frame = capture.read()
        if not read:
            break
        found = FACE_MESH.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        faces += found.multi_face_landmarks is not None
    capture.release()
    samples, rate_hz = librosa.load(SOUND)
    _, voiced, _ = librosa.pyin(
        samples, fmin=librosa.note_to_hz("C2"), fmax=librosa.note_to_hz("C7"), sr=rate_hz
    )
    return faces, int(voiced.sum())


for _ in sys.stdin:
    started_s = time.process_time()
    seen, heard = analyze()
    print(time.process_time() - started_s, seen, heard, flush=True)
