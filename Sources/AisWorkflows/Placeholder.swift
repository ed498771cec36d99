import AisCore
