"""Codes of requests to the API."""

from __future__ import annotations

from pyscrai.documentation.error_code import ErrorCode

CODES = (
    ErrorCode(
        "auth.missing",
        "An API key is needed.",
        "The request comes from another machine, or the server asks for keys always.",
        "Send `Authorization: Bearer KEY`; `pyscrai keys create NAME` makes one."),
    ErrorCode(
        "auth.unknown",
        "The API key is not known.",
        "It was revoked, or belongs to another database.",
        "Make one with `pyscrai keys create`."),
    ErrorCode(
        "auth.scope",
        "The key does not allow this.",
        "`read` looks, `control` steers, `admin` deletes; a seat's token allows its seat alone.",
        "Use a key with the scope that the message names."),
    ErrorCode(
        "request.invalid",
        "A request does not fit the operation.",
        "A field is missing, unknown or out of bounds; `problems` names each.",
        "See the operation in the reference of the API."),
    ErrorCode(
        "request.malformed",
        "The body is no JSON.",
        "A quote or bracket is missing, or the content type is wrong.",
        "Send JSON with `Content-Type: application/json`."),
    ErrorCode(
        "request.media_type",
        "The body is of a kind that is not taken.",
        "Another content type than JSON.",
        "Send `application/json`."),
    ErrorCode(
        "request.busy",
        "Many texts wait to be checked.",
        "Templates and experiments that are sent are read one after the other, so that everything else goes on.",
        "Send it again after the seconds of `Retry-After`."),
    ErrorCode(
        "request.too_large",
        "The request is too large.",
        "Its body is larger than `server.max_body_bytes`.",
        "Send less, or raise the bound."),
    ErrorCode(
        "request.rate",
        "Too many requests.",
        "More than `server.requests_per_minute` from one client.",
        "Wait as long as `Retry-After` says."),
    ErrorCode(
        "request.host",
        "The server does not answer to this name.",
        "On loopback only its own names are answered to, so that a web page cannot reach it by another.",
        "Call it by its address, or add the name to `server.allowed_hosts`."),
    ErrorCode(
        "request.origin",
        "Pages of this origin may not use the server.",
        "A web page of another origin asked.",
        "Add the origin to `server.cors_origins`, if you trust it."),
    ErrorCode(
        "route.not_found",
        "There is nothing at this address.",
        "A misspelling, or another version of the API.",
        "The reference at `/api/v1/docs` lists what there is."),
    ErrorCode(
        "route.method",
        "The address does not take this method.",
        "For example GET where POST is wanted.",
        "See the reference."),
    ErrorCode(
        "idempotency.reused",
        "The idempotency key was used for another request.",
        "A key stands for one request, however often it is sent.",
        "Use a new key for a new request."),
    ErrorCode(
        "idempotency.in_progress",
        "A request with this key is being worked on.",
        "It came twice at the same time.",
        "Wait for its answer."),
    ErrorCode(
        "request.streams",
        "The server keeps no more streams.",
        "`server.max_streams` streams of events are open.",
        "Close some, or raise the bound."),
    ErrorCode(
        "request.url_too_long",
        "The address is too long.",
        "The server bounds it.",
        "Put long values into the body."),
    ErrorCode(
        "request.headers_too_large",
        "The headers are too large.",
        "The server bounds them together.",
        "Send fewer or shorter ones."),
)
