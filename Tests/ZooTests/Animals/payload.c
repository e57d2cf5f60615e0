// A library that says what only who has run it can know.

const char *payload(void) { return CANARY; }
