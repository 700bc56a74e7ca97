//! Embedding examples, one idea each: see the folder `examples`.
