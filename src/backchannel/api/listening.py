"""How the library listens for words."""

from backchannel.config import load_settings
from backchannel.perception.transcript import Writing
from backchannel.perception.whisper import whisper_for_words


def writing_in(language: str) -> Writing:
    """Return how words of a language are written; of any language if it is empty.

    Raises
    ------
    backchannel.perception.networks.NetworkMissingError
        There is no network for words.
    ValueError
        The network does not know the language.
    """
    return Writing(whisper_for_words(load_settings().words_model), language)
