#include "base/sum_cells.h"

void tri_table_empty_cell(tri_table *table, unsigned key) {
    tri_table_cell *cell = &table->cell[key];
    unsigned field = key % TRI_FIELDS;
    if (field == TRI_FIELD_SPECIAL) return;
    int exponent = tri_field_exponent(field);
    tri_accumulator_reserve(table->sum, 1);
    tri_accumulator_add(table->sum, tri_cell_significands(cell, field), exponent, key >= TRI_FIELDS);
    tri_accumulator_reserve(table->squares, 1);
    tri_accumulator_add(table->squares, tri_cell_squares(cell, field), 2 * exponent, 0);
    *cell = (tri_table_cell){0};
}
