# The documents are kustomizations: packer build -var root=types/type/workers/image .
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "root" {
  type        = string
  default     = "types/type/controlplane/image"
  description = "The kustomization root, below this directory; README.md has them all."
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

# What kustomize build renders; mistakes name the file that a value was written in, base or patch.
data "airship-nodeprofile" "node" {
  documents = ["${path.root}/${var.root}"]
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.node"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }
}
