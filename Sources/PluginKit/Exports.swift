// A plugin speaks of envelopes in every line, so one import is enough.
@_exported public import Envelope
