/* Choices of algorithms that communicators share. Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_CHOICES_H
#define TRI_COLLECTIVES_ENGINE_CHOICES_H

#include "collectives/cost/descriptor.h"

/* Recipes of communicators with the same selection and network numbers: one that lives for a few calls finds
 * what another has chosen before. A choice takes longer than the making of a communicator. Threads may use
 * them at once. */
typedef struct tri_choices tri_choices;

/* NULL: out of memory; then nothing is shared. */
tri_choices *tri_choices_create(void);
/* One more owner; NULL is allowed, as in the other functions. */
tri_choices *tri_choices_join(tri_choices *choices);
void tri_choices_leave(tri_choices *choices);

/* Whether a recipe for the case is known; then it is copied to *out. */
int tri_choices_find(tri_choices *choices, const tri_subcase *c, tri_recipe *out);
void tri_choices_add(tri_choices *choices, const tri_subcase *c, const tri_recipe *recipe);

#endif
