# A common root filesystem in all its formats, and with -only=airship.node a node that is made of one of them.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "base" {
  default = ""
}

variable "verify_boot" {
  type    = bool
  default = false
}

source "airship" "root" {
  documents        = ["${path.root}/root.yaml"]
  profile_name     = "common"
  action           = "build-root"
  formats          = ["tar.zst", "squashfs", "directory", "oci"]
  vm_name          = "base"
  output_directory = "${path.root}/output"
  output_metadata  = "metadata.yaml"
  image_url        = "https://images.example/roots/"
  isolation        = "namespace"
}

source "airship" "node" {
  documents        = ["${path.root}/root.yaml"]
  profile_name     = "node"
  base             = var.base
  output_directory = "${path.root}/output-node"
  isolation        = "namespace"
  verify_boot      = var.verify_boot
}

build {
  sources = ["source.airship.root", "source.airship.node"]

  provisioner "airship" {
    documents    = ["${path.root}/root.yaml"]
    profile_name = source.name == "root" ? "common" : "node"
    isolation    = "namespace"
  }

  post-processors {
    post-processor "shell-local" {
      inline = ["echo \"the build ${build.ID} of ${build.ProfileName} is ${build.ImagePath}\""]
    }
    post-processor "manifest" {
      output = "${path.root}/packer-manifest.json"
    }
    post-processor "checksum" {
      checksum_types      = ["sha256"]
      output              = "${path.root}/packer.sums"
      keep_input_artifact = true
    }
  }
}
