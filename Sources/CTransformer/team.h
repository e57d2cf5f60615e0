// Threads that help one run at a time with the parts of its steps.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "transformer.h"

/// Does one part of a step; `member` is 0 on the thread whose step it is, and each helper's own number.
typedef void team_work(void *what, size_t part, size_t member);

/// How many threads there are, the caller's included; 1 without a team.
size_t team_threads(const transformer_team *team);

/// Between these a run has the team to itself, unless others run meanwhile: then each does all parts by itself, since
/// all of them together have as many threads as helpers would add.
void team_enter(transformer_team *team);
void team_leave(transformer_team *team);

/// Does all parts of a step, in any order, and returns when all are done.
void team_do(transformer_team *team, size_t parts, team_work *work, void *what);
