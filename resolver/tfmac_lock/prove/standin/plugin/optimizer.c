/* A graph optimizer that writes down each graph that it is shown.

   STAND_IN_GRAPHS names the folder for them. STAND_IN_FAULT=1 imitates a fault that was reported
   of another plugin: a ReLU right behind a MatMul with BiasAdd becomes an Identity, so that
   negative values pass. STAND_IN_OFF=1 switches TensorFlow's own remapping and layout optimizer
   off, as that plugin's registration does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tensorflow/c/experimental/grappler/grappler.h"

#define MOST_NODES 100000

/* ---- protobuf on the wire: just what is needed of GraphDef and NodeDef */

typedef struct {
  const uint8_t* at;
  size_t length;
} Bytes;

typedef struct {
  Bytes whole; /* with the tag and length that precede it in the graph */
  Bytes name, op, input;
} Node;

static uint64_t varint(Bytes* from) {
  uint64_t found = 0;
  for (int shift = 0; from->length > 0 && shift < 64; shift += 7) {
    uint8_t byte = *from->at++;
    from->length--;
    found |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) break;
  }
  return found;
}

/* Take the next field; its value is in `value` where it is a string or message. */
static int next_field(Bytes* from, int* number, Bytes* value) {
  if (from->length == 0) return 0;
  uint64_t tag = varint(from);
  *number = (int)(tag >> 3);
  *value = (Bytes){from->at, 0};
  size_t skip = 0;
  switch (tag & 7) {
    case 0: varint(from); return 1;
    case 1: skip = 8; break;
    case 2: skip = varint(from); value->at = from->at; value->length = skip; break;
    case 5: skip = 4; break;
    default: return 0;
  }
  if (skip > from->length) return 0;
  from->at += skip;
  from->length -= skip;
  return 1;
}

static int same(Bytes a, const char* text) {
  return a.length == strlen(text) && memcmp(a.at, text, a.length) == 0;
}

static int equal(Bytes a, Bytes b) { return a.length == b.length && memcmp(a.at, b.at, a.length) == 0; }

/* NodeDef: name = 1, op = 2, input = 3 (the first is kept). */
static Node parse_node(Bytes body) {
  Node node = {.whole = body};
  int number;
  Bytes value;
  while (next_field(&body, &number, &value)) {
    if (number == 1) node.name = value;
    if (number == 2) node.op = value;
    if (number == 3 && node.input.at == NULL) node.input = value;
  }
  return node;
}

static Node* find(Node* nodes, size_t count, Bytes name) {
  for (size_t i = 0; i < count; i++)
    if (equal(nodes[i].name, name)) return &nodes[i];
  return NULL;
}

static int faulty(Node* nodes, size_t count, Node* node) {
  if (!same(node->op, "Relu")) return 0;
  Node* bias = find(nodes, count, node->input);
  if (bias == NULL || !same(bias->op, "BiasAdd")) return 0;
  Node* product = find(nodes, count, bias->input);
  return product != NULL && same(product->op, "MatMul");
}

/* Copy the graph into `out`, which has room; Relu and Identity have the same attribute T. */
static size_t imitate(Bytes graph, uint8_t* out) {
  Node* nodes = calloc(MOST_NODES, sizeof *nodes);
  size_t count = 0;
  Bytes rest = graph, value;
  int number;
  while (next_field(&rest, &number, &value))
    if (number == 1 && count < MOST_NODES) nodes[count++] = parse_node(value);
  uint8_t* to = out;
  size_t index = 0;
  rest = graph;
  for (;;) {
    const uint8_t* start = rest.at;
    if (!next_field(&rest, &number, &value)) break;
    Node* node = number == 1 && index < count ? &nodes[index++] : NULL;
    if (node == NULL || !faulty(nodes, count, node)) {
      memcpy(to, start, rest.at - start);
      to += rest.at - start;
      continue;
    }
    /* Protobuf lets a later field replace an earlier one, so a second op is put behind. */
    static const uint8_t identity[] = {0x12, 8, 'I', 'd', 'e', 'n', 't', 'i', 't', 'y'};
    size_t length = value.length + sizeof identity;
    *to++ = 0x0a;
    for (size_t left = length; ; left >>= 7) {
      *to++ = (left & 0x7f) | (left > 0x7f ? 0x80 : 0);
      if (left <= 0x7f) break;
    }
    memcpy(to, value.at, value.length);
    memcpy(to + value.length, identity, sizeof identity);
    to += length;
  }
  free(nodes);
  return to - out;
}

/* ---- the optimizer */

static int set(const char* name) {
  const char* value = getenv(name);
  return value != NULL && strcmp(value, "1") == 0;
}

/* Write the graph to a file of its own; the file's name tells in which order they came. */
static void record(const TF_Buffer* graph) {
  static int calls = 0;
  const char* folder = getenv("STAND_IN_GRAPHS");
  if (folder == NULL) return;
  char part[4096], whole[4096];
  int call = __sync_add_and_fetch(&calls, 1);
  snprintf(part, sizeof part, "%s/%d-%06d.part", folder, (int)getpid(), call);
  snprintf(whole, sizeof whole, "%s/%d-%06d.pb", folder, (int)getpid(), call);
  FILE* file = fopen(part, "wb");
  if (file == NULL) return;
  fwrite(graph->data, 1, graph->length, file);
  fclose(file);
  rename(part, whole);
}

static void* create(void) { return malloc(1); }
static void destroy(void* optimizer) { free(optimizer); }
static void give_back(void* data, size_t length) { free(data); }

static void optimize(void* optimizer, const TF_Buffer* graph, const TF_GrapplerItem* item,
                     TF_Buffer* out, TF_Status* status) {
  record(graph);
  uint8_t* copy = malloc(graph->length * 2 + 1);
  size_t length = graph->length;
  if (set("STAND_IN_FAULT"))
    length = imitate((Bytes){graph->data, graph->length}, copy);
  else
    memcpy(copy, graph->data, length);
  if (out->data_deallocator) out->data_deallocator((void*)out->data, out->length);
  out->data = copy;
  out->length = length;
  out->data_deallocator = give_back;
  TF_SetStatus(status, TF_OK, "");
}

#ifndef STAND_IN_PLAIN /* a plugin need not have an optimizer; the earlier ones had none */
void TF_InitGraph(TP_OptimizerRegistrationParams* params, TF_Status* status) {
  params->struct_size = TP_OPTIMIZER_REGISTRATION_PARAMS_STRUCT_SIZE;
  params->major_version = GO_MAJOR;
  params->minor_version = GO_MINOR;
  params->patch_version = GO_PATCH;
  params->device_type = "GPU";
  params->optimizer_configs->struct_size = TP_OPTIMIZER_CONFIGS_STRUCT_SIZE;
  if (set("STAND_IN_OFF")) {
    params->optimizer_configs->remapping = TF_TriState_Off;
    params->optimizer_configs->layout_optimizer = TF_TriState_Off;
  }
  params->optimizer->struct_size = TP_OPTIMIZER_STRUCT_SIZE;
  params->optimizer->create_func = create;
  params->optimizer->optimize_func = optimize;
  params->optimizer->destroy_func = destroy;
  TF_SetStatus(status, TF_OK, "");
}
#endif
