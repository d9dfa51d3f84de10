"""From a trained model to what people use: sheets, videos, sets, batches."""
