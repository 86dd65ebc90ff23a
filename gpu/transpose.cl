/* to[c rows + r] = from[r columns + c]; each group transposes one tile of TILE x TILE. */
enum { TILE = 32 };

kernel void transpose(global double *to, ulong to_offset, global const double *from, ulong from_offset,
                      ulong rows, ulong columns) {
    const ulong tiles = (columns + TILE - 1) / TILE, row = get_group_id(0) / tiles * TILE,
                column = get_group_id(0) % tiles * TILE;
    const uint height = (uint)min((ulong)TILE, rows - row), width = (uint)min((ulong)TILE, columns - column);
    global const double *a = from + from_offset + row * columns + column;
    global double *b = to + to_offset + column * rows + row;
#if ONE_ITEM
    /* Through a copy of the tile, so that reads and writes cover whole cache lines. */
    double tile[TILE][TILE];
    for (uint r = 0; r < height; r++)
        for (uint c = 0; c < width; c++)
            tile[c][r] = a[r * columns + c];
    for (uint c = 0; c < width; c++)
        for (uint r = 0; r < height; r++)
            b[c * rows + r] = tile[c][r];
#else
    /* The additional column avoids bank conflicts. */
    local double tile[TILE][TILE + 1];
    const uint lane = ITEM % TILE;
    for (uint r = ITEM / TILE; r < height; r += GROUP / TILE)
        if (lane < width) tile[r][lane] = a[r * columns + lane];
    BARRIER;
    for (uint c = ITEM / TILE; c < width; c += GROUP / TILE)
        if (lane < height) b[c * rows + lane] = tile[lane][c];
#endif
}
