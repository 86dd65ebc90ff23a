/* The groups of ranks that the stages of an algorithm run on. */
#include "collectives/engine/verbs.h"

int tri_member(const tri_context *c, int index) {
    const tri_shape *s = c->shape;
    if (c->group.rotation) index = (index + c->group.rotation) % c->size;
    switch (c->group.kind) {
    case TRI_GROUP_NODE:
        return s->members[s->node_start[c->group.index] + index];
    case TRI_GROUP_LANE:
        return index == c->group.node ? c->group.leader : s->members[s->node_start[index] + c->group.index];
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

tri_context tri_context_lane(const tri_context *c, int lane, int leader) {
    tri_context all = *c;
    const tri_shape *s = c->shape;
    all.group = (tri_group){.kind = TRI_GROUP_LANE, .index = lane, .node = -1};
    if (leader >= 0) all.group.node = s->node_of[leader], all.group.leader = leader;
    all.size = s->nodes;
    all.rank = tri_member(&all, s->node) == c->comm_rank ? s->node : -1;
    return all;
}

tri_context tri_context_rotated(const tri_context *c, int root) {
    tri_context rotated = *c;
    rotated.group.rotation = (c->group.rotation + root) % c->size;
    rotated.rank = tri_to_virtual(c, c->rank, root);
    return rotated;
}

int tri_node_leader(const tri_context *c, int root) {
    return c->shape->node_of[root] == c->shape->node ? tri_local_rank(c, root) : 0;
}

tri_lane_block tri_lane_block_of(const tri_context *c, const void *vector, size_t count) {
    tri_range range = tri_range_block(count, (size_t)c->shape->local_size, (size_t)c->shape->local_rank);
    tri_lane_block block = {tri_unit(c, vector, range.first), range.count};
    return block;
}
