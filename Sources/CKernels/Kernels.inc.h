// All kernels, once for each instruction set. The including file sets
//   CK_LEVEL          which instruction set this is
//   CK_TABLE          the name of the table to define
//   CK_TILE_ROWS      rows of a register tile of the matrix product, at most 8
//   CK_TILE_VECTORS   its width in vectors of 16, at most 3
// and the target attributes.

// Vectors are passed between inlined functions only, so no calling convention is involved.
#pragma clang diagnostic ignored "-Wpsabi"

#include "Vector.inc.h"
#include "Math.inc.h"
#include "Trigonometry.inc.h"
#include "Elementwise.inc.h"
#include "Optimizers.inc.h"
#include "GatedUnits.inc.h"
#include "Rotary.inc.h"
#include "LayerNorm.inc.h"
#include "RMSNorm.inc.h"
#include "Softmax.inc.h"
#include "Random.inc.h"
#include "Packing.inc.h"
#include "Product.inc.h"
#include "Attention.inc.h"
#include "Quantization.inc.h"
#include "Quantizing.inc.h"
#include "Dequantizing.inc.h"
#include "ScaleSearch.inc.h"
#include "IntegerProduct.inc.h"
#include "Peak.inc.h"

const CKKernels CK_TABLE = {
    .product = product,
    .attention = attention,
    .attentionBackward = attentionBackward,
    .add = add,
    .addBias = addBias,
    .columnSums = columnSums,
    .axpy = axpy,
    .scale = scale,
    .subtract = subtract,
    .momentumStep = momentumStep,
    .adamWStep = adamWStep,
    .laneSquares = laneSquares,
    .gelu = gelu,
    .geluBackward = geluBackward,
    .biasGelu = biasGelu,
    .biasGeluBackward = biasGeluBackward,
    .geglu = geglu,
    .gegluBackward = gegluBackward,
    .silu = silu,
    .siluBackward = siluBackward,
    .rotate = rotate,
    .rmsNorm = rmsNorm,
    .rmsNormBackward = rmsNormBackward,
    .rmsNormParameters = rmsNormParameters,
    .layerNorm = layerNorm,
    .addLayerNorm = addLayerNorm,
    .layerNormBackward = layerNormBackward,
    .layerNormParameters = layerNormParameters,
    .softmax = softmax,
    .softmaxBackward = softmaxBackward,
    .crossEntropy = crossEntropy,
    .gather = gather,
    .scatterAdd = scatterAdd,
    .sum = sumOf,
    .dot = dotOf,
    .exp = expOf,
    .log = logOf,
    .tanh = tanhOf,
    .erf = erfOf,
    .sinCos = sinCosOf,
    .sinCosOfTurns = sinCosOfTurns,
    .fma = fmaOf,
    .normal = normal,
    .quantizeGroups = quantizeGroups,
    .dequantizeGroups = dequantizeGroups,
    .bestScale = bestScale,
    .integerColumns = integerColumns,
    .fmaPeak = fmaPeak,
};
