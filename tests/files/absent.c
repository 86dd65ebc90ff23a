/* Without HDF5 every function exists, returns TRI_ERR_ABSENT, and leaves its outputs unchanged. Linked with
 * store/absent.c. */
#include "check.h"
#include "trireme/array.h"
#include "trireme/result.h"
#include "trireme/store.h"

int main(void) {
    tri_dataset *dataset = NULL;
    tri_result *result = NULL;
    size_t one = 1, zero = 0;
    double value = 0;
    int64_t integer = 0;
    const char *texts[1] = {"x"};
    char *text = NULL;
    tri_template form = {NULL, 0};
    tri_array *array = NULL;
    tri_store_library library;
    CHECK_STATUS(tri_store_describe(&library), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_dataset_open(NULL, "a.h5", "x", &dataset), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_dataset_read(dataset, 0, 1, &value), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_dataset_open_stored(NULL, "a.h5", "x", &dataset), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_dataset_read_block(dataset, &zero, &one, &value), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_dataset_read_stored(dataset, &zero, &one, &value), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_dataset_file_integer(dataset, "a", &integer), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_dataset_file_text(dataset, "a", &text), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_spec_split("a.h5:/x", &text, &text), TRI_ERR_ABSENT);
    CHECK(!tri_dataset_chunk(dataset) && !text && !integer, "outputs");
    CHECK(!dataset && !tri_dataset_rank(dataset) && !tri_dataset_dims(dataset), "a dataset");
    CHECK(!tri_dataset_count(dataset) && tri_dataset_block(dataset) == 1, "elements");
    CHECK(!*tri_dataset_file(dataset) && !*tri_dataset_path(dataset), "names");
    CHECK(!*tri_dataset_stored_type(dataset) && !tri_dataset_stored_bytes(dataset), "a type");
    CHECK(tri_dataset_element(dataset) == TRI_ELEMENT_F64, "an element");
    tri_dataset_destroy(&dataset);

    CHECK_STATUS(tri_result_create(NULL, ".", "x", &result), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_result_create_at(NULL, "x.h5", 0, &result), TRI_ERR_ABSENT);
    CHECK(!result && !*tri_result_path(result), "a result");
    tri_result_text(result, "a", "x");
    tri_result_texts(result, "a", 1, texts);
    tri_result_integer(result, "a", 1);
    tri_result_real(result, "a", 1);
    tri_result_reals(result, "x", 0, NULL, &value, "1", "x");
    tri_result_integers(result, "x", 0, NULL, &integer, "1", "x");
    CHECK_STATUS(tri_result_array(result, "x", TRI_ELEMENT_F64, 1, &one, &zero, &one, &value, "1", "x"),
                 TRI_ERR_ABSENT);
    CHECK_STATUS(tri_template_take(dataset, &form), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_template_share(&form, 0, NULL), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_array_create(result, "x", &form, 1, &one, NULL, &array), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_array_write(array, &zero, &one, &value), TRI_ERR_ABSENT);
    CHECK_STATUS(tri_array_write_start(array, &zero, &one, &value), TRI_ERR_ABSENT);
    tri_array_write_work(array);
    CHECK_STATUS(tri_array_write_finish(array), TRI_ERR_ABSENT);
    CHECK(!array && !tri_array_element_bytes(array) && !form.image, "an array");
    tri_template_free(&form);
    tri_array_destroy(&array);
    CHECK_STATUS(tri_result_finish(result), TRI_ERR_ABSENT);
    tri_result_destroy(&result);
    tri_store_look_first(0, NULL);
    return check_result("store without HDF5");
}
