/* The kernels that keep a Dense or Conv2D layer and its variables on the device, in float.

   What is not here runs on the CPU: TensorFlow places it there and copies. */

#define IS_SLIM_BUILD /* leaves out a C++ header that kernels.h includes from 2.13 on */

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/kernels_experimental.h"

/* TensorFlow for Linux declares these in every release and exports them up to 2.18. */
#pragma weak TF_AssignVariable
#pragma weak TF_AssignUpdateVariable
#pragma weak TF_GetInputTensorFromVariable

#define MOST_DIMS 8

static int failed(TF_OpKernelContext* context, TF_Status* status) {
  if (TF_GetCode(status) == TF_OK) return 0;
  TF_OpKernelContext_Failure(context, status);
  return 1;
}

static void finish(TF_OpKernelContext* context, TF_Status* status) {
  failed(context, status);
  TF_DeleteStatus(status);
}

static TF_Tensor* input(TF_OpKernelContext* context, int index, TF_Status* status) {
  TF_Tensor* found = NULL;
  TF_GetInput(context, index, &found, status);
  return found;
}

static TF_Tensor* output_like(TF_OpKernelContext* context, TF_Tensor* model, TF_Status* status) {
  int64_t dims[MOST_DIMS];
  int count = TF_NumDims(model);
  for (int i = 0; i < count && i < MOST_DIMS; i++) dims[i] = TF_Dim(model, i);
  return TF_AllocateOutput(context, 0, TF_FLOAT, dims, count, TF_TensorByteSize(model), status);
}

/* ---- MatMul */

typedef struct {
  TF_Bool transpose_a, transpose_b;
} MatMul;

static void* create_matmul(TF_OpKernelConstruction* construction) {
  MatMul* made = calloc(1, sizeof *made);
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrBool(construction, "transpose_a", &made->transpose_a, status);
  TF_OpKernelConstruction_GetAttrBool(construction, "transpose_b", &made->transpose_b, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return made;
}

static int64_t products = 0;

/* How many products the device has made; the probe asks, to see whether a layer ran there. */
int64_t stand_in_products(void) { return __sync_add_and_fetch(&products, 0); }

static void matmul(void* kernel, TF_OpKernelContext* context) {
  __sync_add_and_fetch(&products, 1);
  const MatMul* how = kernel;
  TF_Status* status = TF_NewStatus();
  TF_Tensor *a = input(context, 0, status), *b = input(context, 1, status);
  int64_t rows = TF_Dim(a, how->transpose_a ? 1 : 0), inner = TF_Dim(a, how->transpose_a ? 0 : 1);
  int64_t columns = TF_Dim(b, how->transpose_b ? 0 : 1), dims[2] = {rows, columns};
  TF_Tensor* c = TF_AllocateOutput(context, 0, TF_FLOAT, dims, 2, rows * columns * 4, status);
  if (!failed(context, status)) {
    const float *x = TF_TensorData(a), *y = TF_TensorData(b);
    float* z = TF_TensorData(c);
    memset(z, 0, rows * columns * 4);
    for (int64_t i = 0; i < rows; i++)
      for (int64_t k = 0; k < inner; k++) {
        float factor = how->transpose_a ? x[k * rows + i] : x[i * inner + k];
        for (int64_t j = 0; j < columns; j++)
          z[i * columns + j] += factor * (how->transpose_b ? y[j * inner + k] : y[k * columns + j]);
      }
  }
  TF_DeleteTensor(a);
  TF_DeleteTensor(b);
  TF_DeleteTensor(c);
  TF_DeleteStatus(status);
}

/* ---- Conv2D, rows first and channels last */

typedef struct {
  int32_t strides[4];
  bool same;
} Conv2D;

static void* create_conv2d(TF_OpKernelConstruction* construction) {
  Conv2D* made = calloc(1, sizeof *made);
  char padding[16] = "", format[16] = "";
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32List(construction, "strides", made->strides, 4, status);
  TF_OpKernelConstruction_GetAttrString(construction, "padding", padding, sizeof padding, status);
  TF_OpKernelConstruction_GetAttrString(construction, "data_format", format, sizeof format, status);
  if (strncmp(format, "NHWC", 4) != 0)
    TF_SetStatus(status, TF_UNIMPLEMENTED, "the stand-in's Conv2D knows NHWC alone");
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  made->same = strncmp(padding, "SAME", 4) == 0;
  return made;
}

static int64_t outputs(int64_t size, int64_t kernel, int64_t stride, bool same, int64_t* before) {
  int64_t count = same ? (size + stride - 1) / stride : (size - kernel + stride) / stride;
  int64_t padding = (count - 1) * stride + kernel - size;
  *before = same && padding > 0 ? padding / 2 : 0;
  return count;
}

static void conv2d(void* kernel, TF_OpKernelContext* context) {
  __sync_add_and_fetch(&products, 1);
  const Conv2D* how = kernel;
  TF_Status* status = TF_NewStatus();
  TF_Tensor *image = input(context, 0, status), *filter = input(context, 1, status);
  int64_t h = TF_Dim(image, 1), w = TF_Dim(image, 2), c = TF_Dim(image, 3), top, left;
  int64_t kh = TF_Dim(filter, 0), kw = TF_Dim(filter, 1), out = TF_Dim(filter, 3);
  int64_t rows = outputs(h, kh, how->strides[1], how->same, &top);
  int64_t columns = outputs(w, kw, how->strides[2], how->same, &left);
  int64_t dims[4] = {TF_Dim(image, 0), rows, columns, out};
  size_t bytes = dims[0] * rows * columns * out * 4;
  TF_Tensor* result = TF_AllocateOutput(context, 0, TF_FLOAT, dims, 4, bytes, status);
  if (!failed(context, status)) {
    const float *x = TF_TensorData(image), *f = TF_TensorData(filter);
    float* y = TF_TensorData(result);
    memset(y, 0, bytes);
    for (int64_t n = 0; n < dims[0]; n++)
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++, y += out)
          for (int64_t p = 0; p < kh; p++)
            for (int64_t q = 0; q < kw; q++) {
              int64_t row = i * how->strides[1] + p - top, column = j * how->strides[2] + q - left;
              if (row < 0 || row >= h || column < 0 || column >= w) continue;
              const float *pixel = x + ((n * h + row) * w + column) * c, *weight = f + (p * kw + q) * c * out;
              for (int64_t k = 0; k < c; k++)
                for (int64_t o = 0; o < out; o++) y[o] += pixel[k] * weight[k * out + o];
            }
  }
  TF_DeleteTensor(image);
  TF_DeleteTensor(filter);
  TF_DeleteTensor(result);
  TF_DeleteStatus(status);
}

/* ---- BiasAdd and the activations */

static void bias_add(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_Tensor *value = input(context, 0, status), *bias = input(context, 1, status);
  TF_Tensor* result = output_like(context, value, status);
  if (!failed(context, status)) {
    const float *x = TF_TensorData(value), *b = TF_TensorData(bias);
    float* y = TF_TensorData(result);
    int64_t width = TF_TensorElementCount(bias);
    for (int64_t i = 0, n = TF_TensorElementCount(value); i < n; i++) y[i] = x[i] + b[i % width];
  }
  TF_DeleteTensor(value);
  TF_DeleteTensor(bias);
  TF_DeleteTensor(result);
  TF_DeleteStatus(status);
}

static void each(TF_OpKernelContext* context, float (*of)(float)) {
  TF_Status* status = TF_NewStatus();
  TF_Tensor* value = input(context, 0, status);
  TF_Tensor* result = output_like(context, value, status);
  if (!failed(context, status)) {
    const float* x = TF_TensorData(value);
    float* y = TF_TensorData(result);
    for (int64_t i = 0, n = TF_TensorElementCount(value); i < n; i++) y[i] = of(x[i]);
  }
  TF_DeleteTensor(value);
  TF_DeleteTensor(result);
  TF_DeleteStatus(status);
}

static float relu_of(float x) { return x > 0 ? x : 0; }
static float relu6_of(float x) { return x > 6 ? 6 : relu_of(x); }
static float elu_of(float x) { return x > 0 ? x : expm1f(x); }
static float sigmoid_of(float x) { return 1 / (1 + expf(-x)); }
static void relu(void* kernel, TF_OpKernelContext* context) { each(context, relu_of); }
static void relu6(void* kernel, TF_OpKernelContext* context) { each(context, relu6_of); }
static void elu(void* kernel, TF_OpKernelContext* context) { each(context, elu_of); }
static void sigmoid(void* kernel, TF_OpKernelContext* context) { each(context, sigmoid_of); }
static void hyperbolic(void* kernel, TF_OpKernelContext* context) { each(context, tanhf); }

/* ---- variables */

static void copy(TF_OpKernelContext* context, TF_Tensor* source, TF_Tensor* target) {
  memcpy(TF_TensorData(target), TF_TensorData(source), TF_TensorByteSize(source));
}

static void assign(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
#ifdef ASSIGN_VALIDATES
  TF_AssignVariable(context, 0, 1, false, copy, status);
#else
  TF_AssignVariable(context, 0, 1, copy, status);
#endif
  finish(context, status);
}

#define UPDATE(TYPE)                                                                     \
  do {                                                                                   \
    TYPE *x = TF_TensorData(variable), *y = TF_TensorData(value);                        \
    for (int64_t i = 0; i < count; i++) x[i] = subtract ? x[i] - y[i] : x[i] + y[i];     \
  } while (0)

static void update(TF_OpKernelContext* context, TF_Tensor* variable, TF_Tensor* value, int subtract) {
  int64_t count = TF_TensorElementCount(variable);
  if (TF_TensorType(variable) == TF_FLOAT) UPDATE(float);
  if (TF_TensorType(variable) == TF_DOUBLE) UPDATE(double);
  if (TF_TensorType(variable) == TF_INT64) UPDATE(int64_t);
}

static void assign_add(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_AssignUpdateVariable(context, 0, 1, 0, 0, copy, update, status);
  finish(context, status);
}

static void assign_sub(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_AssignUpdateVariable(context, 0, 1, 1, 0, copy, update, status);
  finish(context, status);
}

static TF_Tensor* variable(TF_OpKernelContext* context, int index, TF_Status* status) {
  TF_Tensor* found = NULL;
  TF_GetInputTensorFromVariable(context, index, false, false, false, copy, &found, status);
  return found;
}

static float scalar(TF_OpKernelContext* context, int index, TF_Status* status) {
  TF_Tensor* found = input(context, index, status);
  float value = *(float*)TF_TensorData(found);
  TF_DeleteTensor(found);
  return value;
}

/* The rule that TensorFlow documents for ResourceApplyAdam. */
static void adam(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_Tensor *weights = variable(context, 0, status), *first = variable(context, 1, status);
  TF_Tensor *second = variable(context, 2, status), *gradient = input(context, 9, status);
  float power1 = scalar(context, 3, status), power2 = scalar(context, 4, status);
  float rate = scalar(context, 5, status), beta1 = scalar(context, 6, status);
  float beta2 = scalar(context, 7, status), epsilon = scalar(context, 8, status);
  if (!failed(context, status)) {
    float step = rate * sqrtf(1 - power2) / (1 - power1);
    float *w = TF_TensorData(weights), *m = TF_TensorData(first), *v = TF_TensorData(second);
    const float* g = TF_TensorData(gradient);
    for (int64_t i = 0, n = TF_TensorElementCount(gradient); i < n; i++) {
      m[i] += (1 - beta1) * (g[i] - m[i]);
      v[i] += (1 - beta2) * (g[i] * g[i] - v[i]);
      w[i] -= step * m[i] / (sqrtf(v[i]) + epsilon);
    }
  }
  TF_DeleteTensor(weights);
  TF_DeleteTensor(first);
  TF_DeleteTensor(second);
  TF_DeleteTensor(gradient);
  TF_DeleteStatus(status);
}

static void descend(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_Tensor *weights = variable(context, 0, status), *gradient = input(context, 2, status);
  float rate = scalar(context, 1, status);
  if (!failed(context, status)) {
    float* w = TF_TensorData(weights);
    const float* g = TF_TensorData(gradient);
    for (int64_t i = 0, n = TF_TensorElementCount(gradient); i < n; i++) w[i] -= rate * g[i];
  }
  TF_DeleteTensor(weights);
  TF_DeleteTensor(gradient);
  TF_DeleteStatus(status);
}

/* ---- registration */

typedef void (*Compute)(void*, TF_OpKernelContext*);
typedef void* (*Create)(TF_OpKernelConstruction*);

static void add(const char* op, const char* attribute, TF_DataType type, Create create, Compute compute) {
  TF_Status* status = TF_NewStatus();
  TF_KernelBuilder* builder = TF_NewKernelBuilder(op, "GPU", create, compute, create ? free : NULL);
  TF_KernelBuilder_TypeConstraint(builder, attribute, type, status);
  TF_RegisterKernelBuilder(op, builder, status);
  TF_DeleteStatus(status);
}

void TF_InitKernel() {
  add("MatMul", "T", TF_FLOAT, create_matmul, matmul);
  add("Conv2D", "T", TF_FLOAT, create_conv2d, conv2d);
  add("BiasAdd", "T", TF_FLOAT, NULL, bias_add);
  add("Relu", "T", TF_FLOAT, NULL, relu);
  add("Relu6", "T", TF_FLOAT, NULL, relu6);
  add("Elu", "T", TF_FLOAT, NULL, elu);
  add("Sigmoid", "T", TF_FLOAT, NULL, sigmoid);
  add("Tanh", "T", TF_FLOAT, NULL, hyperbolic);
  const TF_DataType types[] = {TF_FLOAT, TF_DOUBLE, TF_INT64};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (TF_AssignVariable) add("AssignVariableOp", "dtype", types[i], NULL, assign);
    if (!TF_AssignUpdateVariable) continue;
    add("AssignAddVariableOp", "dtype", types[i], NULL, assign_add);
    add("AssignSubVariableOp", "dtype", types[i], NULL, assign_sub);
  }
  if (!TF_GetInputTensorFromVariable) return;
  add("ResourceApplyAdam", "T", TF_FLOAT, NULL, adam);
  add("ResourceApplyGradientDescent", "T", TF_FLOAT, NULL, descend);
}
