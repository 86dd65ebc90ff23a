// Exact statistics of a vector that is spread over the ranks: the C interface with RAII and exceptions.
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include <trireme/trireme.h>

struct failure : std::runtime_error {
    explicit failure(tri_status s) : std::runtime_error(tri_error_text()), status(s), agreed(tri_agreed()) {}
    tri_status status;
    bool agreed; // all ranks have it
};

static void check(tri_status status) {
    if (status != TRI_OK) throw failure(status);
}

struct destroy {
    void operator()(tri_comm *comm) const { tri_comm_destroy(&comm); }
};
using communicator = std::unique_ptr<tri_comm, destroy>;

static communicator duplicate(MPI_Comm parent) {
    tri_comm *comm = nullptr;
    check(tri_comm_create(parent, &comm));
    return communicator(comm);
}

static void run(tri_comm *comm) {
    const std::size_t count = 100001; // 0, 1, 2, ...
    const auto ranks = std::size_t(tri_comm_size(comm)), rank = std::size_t(tri_comm_rank(comm));
    const auto mine = tri_range_block(count, ranks, rank);
    std::vector<double> x;
    for (std::size_t i = 0; i < mine.count; i++)
        x.push_back(double(mine.first + i));

    tri_moments moments, total;
    tri_moments_clear(&moments);
    tri_moments_add(&moments, mine.first, x.data(), x.size());
    check(tri_merge_moments(&moments, &total, 0, comm));

    tri_status status = TRI_OK;
    if (rank == 0) {
        tri_statistics s;
        tri_moments_statistics(&total, 0, &s);
        std::printf("mean %g, variance %g, max %g at %llu\n", s.mean, s.variance, s.max.high,
                    static_cast<unsigned long long>(s.max.index));
        const double n = double(count);
        if (s.mean != (n - 1) / 2 || s.variance != (n * n - 1) / 12 || s.max.index != count - 1)
            status = tri_fail(TRI_ERR_WRONG, "expected mean %g, variance %g", (n - 1) / 2, (n * n - 1) / 12);
    }
    check(tri_agree(comm, status));
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank, result = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    communicator comm;
    try {
        comm = duplicate(MPI_COMM_WORLD);
        run(comm.get());
    } catch (const failure &f) {
        result = tri_status_exit(f.status);
        if (!f.agreed || rank == 0) std::fprintf(stderr, "statistics: %s\n", f.what());
        // The other ranks may wait for this one.
        if (!f.agreed) MPI_Abort(MPI_COMM_WORLD, result);
    }
    comm.reset(); // before MPI_Finalize
    MPI_Finalize();
    return result;
}
