kernel void copy(global double *to, ulong to_offset, global const double *from, ulong from_offset,
                 ulong count, ulong per_group) {
    EACH(i, count, per_group) to[to_offset + i] = from[from_offset + i];
}
