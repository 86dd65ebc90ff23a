/* The groups of ranks that parts of an algorithm run on. */
#include "collectives/engine/verbs.h"

int tri_member(const tri_context *c, int index) {
    const tri_shape *s = c->shape;
    if (c->group.turn) index = (index + c->group.turn) % c->size;
    switch (c->group.kind) {
    case TRI_GROUP_NODE:
        return s->members[s->node_start[c->group.index] + index];
    case TRI_GROUP_LANE:
        return index == c->group.node ? c->group.stand : s->members[s->node_start[index] + c->group.index];
    default:
        return index;
    }
}

int tri_local_rank(const tri_context *c, int rank) {
    const tri_shape *s = c->shape;
    int local = 0;
    while (s->members[s->node_start[s->node_of[rank]] + local] != rank)
        local++;
    return local;
}

tri_context tri_context_node(const tri_context *c) {
    tri_context node = *c;
    node.group = (tri_group){.kind = TRI_GROUP_NODE, .index = c->shape->node};
    node.rank = c->shape->local_rank;
    node.size = c->shape->local_size;
    return node;
}

tri_context tri_context_lane(const tri_context *c, int lane, int stand) {
    tri_context all = *c;
    const tri_shape *s = c->shape;
    all.group = (tri_group){.kind = TRI_GROUP_LANE, .index = lane, .node = -1};
    if (stand >= 0) all.group.node = s->node_of[stand], all.group.stand = stand;
    all.size = s->nodes;
    all.rank = tri_member(&all, s->node) == c->comm_rank ? s->node : -1;
    return all;
}

tri_context tri_context_rotated(const tri_context *c, int root) {
    tri_context turned = *c;
    turned.group.turn = (c->group.turn + root) % c->size;
    turned.rank = tri_to_virtual(c, c->rank, root);
    return turned;
}

int tri_first_of_node(const tri_context *c, int root) {
    return c->shape->node_of[root] == c->shape->node ? tri_local_rank(c, root) : 0;
}

tri_lane_block tri_lane_block_of(const tri_context *c, const void *vector, size_t count) {
    tri_range range = tri_range_block(count, (size_t)c->shape->local_size, (size_t)c->shape->local_rank);
    tri_lane_block part = {tri_unit(c, vector, range.first), range.count};
    return part;
}
