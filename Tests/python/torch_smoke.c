// The plugin by its bare table of functions: opens it, convolves ones with ones, takes a gradient, meets an error and the budget.
#include <stdio.h>
#include <string.h>

#include "ctorch.h"

#define CHECK(condition)                                                            \
  if (!(condition)) {                                                               \
    printf("line %d: %s: %s\n", __LINE__, #condition, api ? api->last_message() : ""); \
    return 1;                                                                       \
  }

int main(int count, char **arguments) {
  char message[4096] = "";
  const ctorch_api *api = NULL;
  CHECK(count == 3);
  api = ctorch_open(arguments[1], arguments[2], message, sizeof message);
  if (!api) {
    printf("%s\n", message);
    return 2;
  }
  CHECK(api->abi == CTORCH_ABI && strlen(api->version()) > 2);
  CHECK(ctorch_open(arguments[1], arguments[2], message, sizeof message) == api);

  int64_t image[] = {1, 1, 4, 5}, kernel[] = {1, 1, 3, 3}, shape[8];
  ctorch_tensor *x, *k, *y, *mean, *gradient, *none;
  CHECK(api->full(image, 4, 1, CTORCH_FLOAT32, CTORCH_CPU, &x) == CTORCH_OK);
  CHECK(api->full(kernel, 4, 1, CTORCH_FLOAT32, CTORCH_CPU, &k) == CTORCH_OK);
  CHECK(api->enable_gradients(1) == CTORCH_OK && api->require_gradient(k, 1) == CTORCH_OK);
  ctorch_window window = {2, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, {0, 0, 0}};
  CHECK(api->convolution(x, k, NULL, &window, &y) == CTORCH_OK);
  int32_t rank, device;
  ctorch_dtype type;
  CHECK(api->describe(y, shape, &rank, &type, &device) == CTORCH_OK);
  CHECK(rank == 4 && shape[2] == 4 && shape[3] == 5 && type == CTORCH_FLOAT32 && device == CTORCH_CPU);
  float values[20];
  CHECK(api->read(y, values, sizeof values) == CTORCH_OK);
  // A corner sees 2 × 2 ones, the middle 3 × 3.
  CHECK(values[0] == 4 && values[1] == 6 && values[7] == 9);
  CHECK(api->read(y, values, 4) == CTORCH_FAILED && strstr(api->last_message(), "4 bytes"));
  CHECK(api->mean(y, &mean) == CTORCH_OK && api->backward(mean) == CTORCH_OK);
  CHECK(api->gradient(k, &gradient) == CTORCH_OK && gradient);
  CHECK(api->read(gradient, values, 9 * 4) == CTORCH_OK);
  // The middle of the kernel meets all 20 values, a corner 3 × 4.
  CHECK(values[4] == 1 && values[0] == 12.0f / 20);
  CHECK(api->gradient(x, &none) == CTORCH_OK && !none);

  int64_t large[] = {64 << 20};
  CHECK(api->set_budget(16 << 20) == CTORCH_OK);
  CHECK(api->empty(large, 1, CTORCH_FLOAT32, CTORCH_CPU, &none) == CTORCH_OUT_OF_MEMORY && !none);
  CHECK(strstr(api->last_message(), "are allowed"));
  CHECK(api->set_budget(0) == CTORCH_OK);
  CHECK(api->empty(large, 1, CTORCH_FLOAT32, CTORCH_CPU, &none) == CTORCH_OK);
  ctorch_tensor *all[] = {none, gradient, mean, y, k, x};
  for (int i = 0; i < 6; i++) api->release(all[i]);
  ctorch_memory memory;
  CHECK(api->release_cached(CTORCH_CPU) == CTORCH_OK && api->memory(CTORCH_CPU, &memory) == CTORCH_OK);
  CHECK(memory.used_bytes == 0 && memory.cached_bytes == 0 && memory.peak_bytes >= 256 << 20);
  printf("the plugin for libtorch %s works\n", api->version());
  return 0;
}
