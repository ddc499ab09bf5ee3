"""Small scenarios for tests of the command line, complete with their agents."""

from __future__ import annotations

TALK = """\
kind: agent
name: talker
version: 1.0.0
engine: actor
personality: {role: someone who likes to talk}
---
kind: agent
name: looker
version: 1.0.0
engine: analyst
personality: {role: someone who looks on}
---
kind: scenario
name: small-talk
version: 1.0.0
title: Small talk
premise: A kitchen at night, {{ params.hour }} o'clock.
parameters: {hour: {type: integer, default: 11, minimum: 0, maximum: 23}}
variables: {trust: {type: integer, initial: 5, minimum: 0, maximum: 10}}
roles:
  ada: {agent: talker, name: Ada}
  bo: {agent: talker, name: Bo}
  guest: {agent: talker, name: Guest, required: false}
  eye: {agent: looker, name: Eye}
flow:
  start: evening
  phases:
    evening:
      title: The evening
      text: The lamp is lit.
      speakers: [ada, bo]
      next: [{to: end, after_rounds: 2}]
injects:
  - {at_turn: 2, label: bell, source: Door, text: It rings., audience: [bo], set: {trust: vars.trust - 2}}
analysis:
  by: eye
  measures: [{name: warmth, scale: [1, 5], rubric: how warm they are}]
  report: true
"""

DUEL = """\
kind: scenario
name: duel-of-offers
version: 1.0.0
premise: Two people haggle over a lamp.
roles:
  seller:
    name: Seller
    agent: {engine: actor, personality: {role: a seller of lamps}}
    secret: The lamp is broken.
    human: allowed
  buyer:
    name: Buyer
    agent: {engine: actor, personality: {role: a buyer of lamps}}
actions:
  offer:
    fields:
      price: {type: integer, minimum: 1, maximum: 100}
      mood: {enum: [calm, cross], required: false}
flow:
  start: haggling
  phases:
    haggling:
      speakers: [seller, buyer]
      action: offer
      audiences: [whisper]
      next: [{to: end, after_rounds: 1}]
"""
